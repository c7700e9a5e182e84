//! The losses with their equations, laws, sources and settings: what `equipoise losses` lists and `--loss` takes.

use super::{FocalProbability, InrVariant, LossPlan, PositiveWeights, SmoothingWeights};

/// A loss and what there is to know of it.
#[derive(Debug, Clone, Copy)]
pub struct LossEntry {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub title: &'static str,
    /// A sample's loss before its class weight, with `p` the probabilities, `y` the class.
    pub equation: &'static str,
    /// What holds where the gradient with respect to the intercepts vanishes (docs/theory.md#balance and #repair).
    pub law: &'static str,
    /// Who proposed it; empty for what everybody uses.
    pub source: &'static str,
    /// Which library computes it like this, or differently.
    pub practice: &'static str,
    /// The numbers it depends on.
    pub settings: &'static [Setting],
    build: fn(&Choices) -> LossPlan,
}

/// A number that a loss depends on.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name, an option of the command line without the dashes.
    pub name: &'static str,
    /// What it is where it is not given.
    pub default: f64,
}

/// What was chosen for a loss beside its name.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// Numbers, by the names of settings.
    pub numbers: Vec<(&'static str, f64)>,
    /// Whether LGL-INR's weights are held constant.
    pub variant: InrVariant,
    /// Which probability focuses the focal loss.
    pub focal: FocalProbability,
    /// What class weights multiply under label smoothing.
    pub smoothing: SmoothingWeights,
    /// Weights of own columns.
    pub positive: Option<PositiveWeights>,
}

impl LossEntry {
    /// The loss with these choices; numbers that are not chosen have their defaults.
    #[must_use]
    pub fn plan(&self, choices: &Choices) -> LossPlan {
        let unset = self.settings.iter().filter(|setting| choices.number(setting.name).is_none());
        let defaults: Vec<_> = unset.map(|setting| (setting.name, setting.default)).collect();
        let numbers = choices.numbers.iter().copied().chain(defaults).collect();
        (self.build)(&Choices { numbers, ..choices.clone() })
    }

    /// Whether the loss depends on the number of this name.
    #[must_use]
    pub fn takes(&self, setting: &str) -> bool {
        self.settings.iter().any(|known| known.name == setting)
    }
}

impl Choices {
    fn number(&self, name: &str) -> Option<f64> {
        self.numbers.iter().find(|(chosen, _)| *chosen == name).map(|&(_, number)| number)
    }

    /// A number that the entry has a setting for.
    fn set(&self, name: &str) -> f64 {
        self.number(name).unwrap_or(f64::NAN)
    }
}

/// The loss of that name.
#[must_use]
pub fn loss_named(name: &str) -> Option<&'static LossEntry> {
    CATALOGUE.iter().find(|entry| entry.name == name)
}

const fn setting(name: &'static str, default: f64) -> Setting {
    Setting { name, default }
}

/// All losses, in the order they are listed.
pub const CATALOGUE: &[LossEntry] = &[
    LossEntry {
        name: "softmax",
        title: "Softmax cross-entropy (SML)",
        equation: "-log p_y,  p = softmax(z)",
        law: "B5: what a class's samples withhold from it, others give it: m_k (1 - P[k][k]) = sum_c m_c P[c][k]",
        source: "",
        practice: "PyTorch cross_entropy divides by the sum of weights like this; TensorFlow and Keras by N",
        settings: &[],
        build: |_| LossPlan::Softmax,
    },
    LossEntry {
        name: "logistic",
        title: "Binary or one-vs-all logistic loss (LGL)",
        equation: "sum_k softplus(-z_k) if k = y else softplus(z_k),  p = sigmoid(z)",
        law: "B1, B6: in every column, m_k (1 - P[k][k]) = sum_c m_c P[c][k]",
        source: "",
        practice: "PyTorch binary_cross_entropy_with_logits divides by N K: --reduction element-mean",
        settings: &[],
        build: |_| LossPlan::Logistic,
    },
    LossEntry {
        name: "inr",
        title: "LGL-INR, logistic loss with in-negative-class reweighting",
        equation: "sum_k mean_k softplus(-z_k) + sum_c w_c mean_c softplus(z_k),  w_c ~ exp(beta P[c][k])",
        law: "R1 (detached): 1 - P[k][k] = sum_c w_c P[c][k]; R2 (attached) adds beta (l_c - l) v_c",
        source: "Li, Li, Pan, Zhu, AAAI 2020",
        practice: "means over classes, so that class weights and --reduction have no say",
        settings: &[setting("beta", 1.0)],
        build: |choices| LossPlan::Inr { beta: choices.set("beta"), variant: choices.variant },
    },
    LossEntry {
        name: "focal",
        title: "Softmax focal loss",
        equation: "-(1 - q)^gamma log p_y,  q = p_y (or p_y^weight with --focal-of weighted-loss)",
        law: "B7: B5 with each sample counted f(q) = (1-q)^gamma - gamma q (1-q)^(gamma-1) log q times",
        source: "Lin, Goyal, Girshick, He, Dollar, ICCV 2017",
        practice: "many PyTorch snippets take q = exp(-l) from a weighted l, and divide by N (--reduction mean)",
        settings: &[setting("gamma", 2.0)],
        build: |choices| LossPlan::Focal { gamma: choices.set("gamma"), probability: choices.focal },
    },
    LossEntry {
        name: "sigmoid-focal",
        title: "Focal loss of one-vs-all columns",
        equation: "alpha (1-p_y)^gamma softplus(-z_y) + (1-alpha) sum_k p_k^gamma softplus(z_k)",
        law: "B7: B6 with each entry's probability p replaced by p^gamma (gamma (1-p) softplus(z) + p)",
        source: "Lin, Goyal, Girshick, He, Dollar, ICCV 2017",
        practice: "torchvision sigmoid_focal_loss: --reduction element-mean for its mean, sum for its sum",
        settings: &[setting("gamma", 2.0), setting("alpha", 0.25)],
        build: |choices| LossPlan::SigmoidFocal { gamma: choices.set("gamma"), alpha: choices.set("alpha") },
    },
    LossEntry {
        name: "label-smoothing",
        title: "Softmax cross-entropy against smoothed labels",
        equation: "sum_k t_k (-log p_k),  t = (1 - e) 1[k = y] + e/K, weighted by term or by sample",
        law: "B7: the mean prediction of every class is its mean smoothed target",
        source: "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, CVPR 2016",
        practice: "PyTorch weighs each term by the class it speaks of (default); Keras weighs the sample",
        settings: &[setting("smoothing", 0.1)],
        build: |choices| LossPlan::LabelSmoothing {
            smoothing: choices.set("smoothing"),
            weights: choices.smoothing,
        },
    },
    LossEntry {
        name: "logit-adjusted",
        title: "Softmax of logits shifted by log class frequencies",
        equation: "-log softmax(z + strength log pi)_y",
        law: "B7: B5 for the probabilities of the shifted logits",
        source: "Menon, Jayasumana, Rawat, Jain, Veit, Kumar, ICLR 2021",
        practice: "frequencies of the training set: give all of it, or weights that restore it",
        settings: &[setting("strength", 1.0)],
        build: |choices| LossPlan::LogitAdjusted { strength: choices.set("strength") },
    },
    LossEntry {
        name: "balanced-softmax",
        title: "Softmax of logits shifted by log class sizes",
        equation: "-log softmax(z + log N_k)_y",
        law: "B7: B5 for the probabilities of the shifted logits",
        source: "Ren and others, NeurIPS 2020",
        practice: "the same as logit-adjusted of strength 1: a common shift changes nothing",
        settings: &[],
        build: |_| LossPlan::BalancedSoftmax,
    },
    LossEntry {
        name: "ldam",
        title: "Softmax with larger margins for rarer classes",
        equation: "-log softmax(scale (z - D))_y,  D_y = margin (min N / N_y)^(1/4), else 0",
        law: "B7: B5 for the probabilities of the shifted logits",
        source: "Cao, Wei, Gaidon, Arechiga, Ma, NeurIPS 2019",
        practice: "the authors normalise features and weights first: give the cosines as logits",
        settings: &[setting("margin", 0.5), setting("scale", 30.0)],
        build: |choices| LossPlan::Ldam { margin: choices.set("margin"), scale: choices.set("scale") },
    },
    LossEntry {
        name: "vector-scaling",
        title: "Softmax of logits scaled and shifted by class sizes (VS-loss)",
        equation: "-log softmax((N_k / max N)^gamma z_k + strength log pi_k)_y",
        law: "B7: B5 for the probabilities of the shifted logits",
        source: "Kini, Paraskevas, Oymak, Thrampoulidis, NeurIPS 2021",
        practice: "",
        settings: &[setting("strength", 1.0), setting("gamma", 0.15)],
        build: |choices| LossPlan::VectorScaling {
            strength: choices.set("strength"),
            gamma: choices.set("gamma"),
        },
    },
    LossEntry {
        name: "pos-weight",
        title: "Logistic loss whose own columns are weighted",
        equation: "w_y softplus(-z_y) + sum_k softplus(z_k)",
        law: "B6: w_k m_k (1 - P[k][k]) = sum_c m_c P[c][k]",
        source: "",
        practice: "PyTorch's pos_weight; its mean is --reduction element-mean",
        settings: &[],
        build: |choices| LossPlan::PosWeight {
            weights: choices.positive.clone().unwrap_or(PositiveWeights::Balanced),
        },
    },
    LossEntry {
        name: "equalization",
        title: "Logistic loss in which rare classes are not pushed down",
        equation: "softplus(-z_y) + sum over k not rare of softplus(z_k)",
        law: "B6 with A[c][k] = 0 for rare k: a rare column has no stationary point",
        source: "Tan and others, CVPR 2020",
        practice: "every sample taken for foreground",
        settings: &[setting("rare", 0.01)],
        build: |choices| LossPlan::Equalization { rare: choices.set("rare") },
    },
    LossEntry {
        name: "seesaw",
        title: "Softmax that pushes rare classes down less, unless misclassified",
        equation: "-log softmax(z + log S)_y,  S_j = min(1, N_j/N_y)^p max(1, p_j/p_y)^q, held constant",
        law: "B7: B5 for the probabilities of the shifted logits",
        source: "Wang and others, CVPR 2021",
        practice: "MMDetection holds p_y above 0.01 in S (default); the paper does not: --floor 0",
        settings: &[setting("mitigation", 0.8), setting("compensation", 2.0), setting("floor", 0.01)],
        build: |choices| LossPlan::Seesaw {
            mitigation: choices.set("mitigation"),
            compensation: choices.set("compensation"),
            floor: choices.set("floor"),
        },
    },
    LossEntry {
        name: "soft-selection",
        title: "Logistic loss whose other columns count by their probability (SS-LR)",
        equation: "softplus(-z_y) + alpha/(K-1) sum_k p_k^gamma softplus(z_k)",
        law: "B7: B6 with each other entry's p replaced by p^gamma (gamma (1-p) softplus(z) + p)",
        source: "Dong, Zhu, Gong, AAAI 2019",
        practice: "",
        settings: &[setting("alpha", 1.0), setting("gamma", 2.0)],
        build: |choices| LossPlan::SoftSelection { alpha: choices.set("alpha"), gamma: choices.set("gamma") },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_builds_with_its_defaults_and_names_its_settings() {
        for entry in CATALOGUE {
            let plan = entry.plan(&Choices::default());
            assert_eq!(plan.problem(), None, "{}", entry.name);
            let names: Vec<&str> = plan.parameters().iter().map(|parameter| parameter.name).collect();
            assert_eq!(names, entry.settings.iter().map(|setting| setting.name).collect::<Vec<_>>());
            for setting in entry.settings {
                let chosen = Choices { numbers: vec![(setting.name, 0.75)], ..Choices::default() };
                assert_ne!(entry.plan(&chosen), plan, "{} has no say in {}", setting.name, entry.name);
            }
        }
    }
}
