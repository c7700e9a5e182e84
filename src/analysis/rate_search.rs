//! The choice of a learning rate in one draw, by successive halving.

use super::specification::Halving;
use super::train::{Refused, Task, TestedNetwork, mean};
use crate::cnn::{NetworkError, Training};
use crate::data::ImageSample;
use crate::numeric::sort_largest_first;

/// A network trained with one learning rate.
struct Candidate<'a> {
    rate: f64,
    /// Mean recall on the images held out, when it was last looked at; NaN once its training has failed.
    recall: f64,
    /// `None` once it has been given up.
    training: Option<Training<'a>>,
}

/// The best of several rates.
pub(super) struct Chosen<'a> {
    pub(super) training: Training<'a>,
    pub(super) rate: f64,
    /// Every rate, in ascending order, and its mean recall when it was last looked at; NaN where training failed.
    pub(super) tried: Vec<(f64, f64)>,
}

/// Trains all rates for some epochs and goes on with the better half, until one is left. Where the best rate is the lowest or
/// highest, others beyond it are tried first.
pub(super) fn choose<'a>(
    task: &Task,
    rates: &[f64],
    halving: Halving,
    learned_from: &'a ImageSample,
    held_out: &ImageSample,
) -> Result<Chosen<'a>, Refused> {
    let mut search = RateSearch { task, learned_from, held_out, candidates: Vec::new() };
    let mut epochs = halving.epochs;
    for &rate in rates {
        search.add(rate, epochs)?;
    }
    for _ in 0..halving.extensions {
        let Some(rate) = search.beyond_the_best() else { break };
        search.add(rate, epochs)?;
    }
    loop {
        search.give_up_half();
        if search.left() <= 1 {
            return search.chosen();
        }
        epochs = epochs.saturating_mul(2);
        search.go_on(epochs)?;
    }
}

struct RateSearch<'a, 'b> {
    task: &'b Task<'b>,
    learned_from: &'a ImageSample,
    held_out: &'b ImageSample,
    /// In ascending order of rates.
    candidates: Vec<Candidate<'a>>,
}

impl<'a> RateSearch<'a, '_> {
    /// Trains a further rate.
    fn add(&mut self, rate: f64, epochs: usize) -> Result<(), Refused> {
        let training = Task { rate, ..*self.task }.begin(self.learned_from)?;
        let mut candidate = Candidate { rate, recall: f64::NAN, training: Some(training) };
        candidate.train(epochs, self.held_out)?;
        let place = self.candidates.partition_point(|other| other.rate < rate);
        self.candidates.insert(place, candidate);
        Ok(())
    }

    /// Trains those that are left.
    fn go_on(&mut self, epochs: usize) -> Result<(), Refused> {
        self.candidates.iter_mut().try_for_each(|candidate| candidate.train(epochs, self.held_out))
    }

    /// The place of the best, the lower rate of equals; `None` if all have failed.
    fn best(&self) -> Option<usize> {
        let places = (0..self.candidates.len()).filter(|&place| self.candidates[place].training.is_some());
        places.reduce(
            |best, place| {
                if self.candidates[place].recall > self.candidates[best].recall { place } else { best }
            },
        )
    }

    /// The next rate beyond the best one, if that is the lowest or highest.
    fn beyond_the_best(&self) -> Option<f64> {
        let (best, last) = (self.best()?, self.candidates.len() - 1);
        let neighbour = match best {
            _ if last == 0 => return None,
            0 => 1,
            _ if best == last => last - 1,
            _ => return None,
        };
        let (rate, inner) = (self.candidates[best].rate, self.candidates[neighbour].rate);
        Some(rate * (rate / inner))
    }

    fn left(&self) -> usize {
        self.candidates.iter().filter(|candidate| candidate.training.is_some()).count()
    }

    /// Keeps the better half, of an odd number the larger half.
    fn give_up_half(&mut self) {
        let mut order: Vec<usize> =
            (0..self.candidates.len()).filter(|&place| self.candidates[place].training.is_some()).collect();
        sort_largest_first(&mut order, |place| self.candidates[place].recall);
        let kept = order.len().div_ceil(2);
        order.into_iter().skip(kept).for_each(|place| self.candidates[place].training = None);
    }

    fn chosen(mut self) -> Result<Chosen<'a>, Refused> {
        let tried = self.candidates.iter().map(|candidate| (candidate.rate, candidate.recall)).collect();
        let best = self.best().map(|place| self.candidates.swap_remove(place));
        match best {
            Some(Candidate { rate, training: Some(training), .. }) => Ok(Chosen { training, rate, tried }),
            _ => Err(Refused::Endless("training failed with every learning rate".to_owned())),
        }
    }
}

impl Candidate<'_> {
    /// Trains up to so many epochs in all and looks at the images held out. A training that fails is given up.
    fn train(&mut self, epochs: usize, held_out: &ImageSample) -> Result<(), Refused> {
        let Some(training) = &mut self.training else { return Ok(()) };
        while training.epoch() < epochs && !training.is_done() {
            match training.finish_epoch(&mut |_| Ok(())) {
                Ok(_) => {}
                Err(NetworkError::Diverged { .. }) => {
                    (self.training, self.recall) = (None, f64::NAN);
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.recall = mean(&TestedNetwork::on(training, held_out)?.recalls);
        Ok(())
    }
}
