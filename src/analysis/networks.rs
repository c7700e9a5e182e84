//! Trained networks that are kept in memory for a series that differs from theirs in its polished last layer alone: it is not
//! trained again.

use crate::cnn::Snapshot;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// A network at the end of its training.
pub(super) struct TrainedNetwork {
    pub(super) snapshot: Snapshot,
    /// Its learning rate, in the unit of the analysis.
    pub(super) rate: f64,
    /// Rates that it was chosen from in this draw, and the mean recall of each.
    pub(super) tried: Vec<(f64, f64)>,
}

/// Networks by the keys of their trainings.
#[derive(Default)]
pub(super) struct TrainedNetworks(Mutex<HashMap<String, TrainedNetwork>>);

impl TrainedNetworks {
    pub(super) fn keep(&self, key: &str, network: TrainedNetwork) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), network);
    }

    /// Takes a network out: one other series needs it.
    pub(super) fn take(&self, key: &str) -> Option<TrainedNetwork> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key)
    }
}
