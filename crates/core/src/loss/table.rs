//! The losses, one row each: what is known of them, and their names.

use super::{
    FocalProbability, InrVariant, Link, LossSpec, PositiveWeights, SmoothingWeights, class_weights_differ,
};
use crate::nearest::nearest;

/// A loss and what there is to know of it.
#[derive(Debug)]
pub struct LossRow {
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
    /// The paper's name of it, or its authors'.
    pub paper_name: &'static str,
    /// The loss with its usual parameters.
    pub default: LossSpec,
    /// The numbers it depends on.
    pub parameters: &'static [Parameter],
    /// Which probability it predicts.
    pub link: Link,
    /// Whether every stationary point is a minimum.
    pub convex: bool,
    /// What class weights do to it.
    pub class_weights: ClassWeighting,
    /// Whether it depends on class sizes, so that a class without samples makes no sense.
    pub reads_counts: bool,
}

/// A number that a loss depends on, from 0 to `max`.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in files, and an option of the command line without the dashes.
    pub name: &'static str,
    /// The largest that makes sense.
    pub max: f64,
    /// Its symbol in figures; `None` where they leave it out.
    pub symbol: Option<&'static str>,
}

/// What class weights do to a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassWeighting {
    /// Nothing.
    No,
    /// They count its samples.
    Yes,
    /// They count its samples, and how a stationary point moves with them is computed.
    WithJacobian,
}

impl ClassWeighting {
    /// Whether these class weights move the probabilities of a head, so that they can be mapped back.
    #[must_use]
    pub fn moves_probabilities(self, class_weights: &[f64]) -> bool {
        self != Self::No && class_weights_differ(class_weights)
    }
}

/// Sharpness of a loss above this overflows.
const MAX_SHARPNESS: f64 = 1e6;

const fn upwards(name: &'static str, symbol: Option<&'static str>) -> Parameter {
    Parameter { name, max: MAX_SHARPNESS, symbol }
}

const fn fraction(name: &'static str, symbol: Option<&'static str>) -> Parameter {
    Parameter { name, max: 1.0, symbol }
}

impl LossRow {
    /// Whether the loss depends on the number of this name.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == name)
    }
}

impl Parameter {
    /// Whether the number makes sense.
    #[must_use]
    pub fn allows(&self, value: f64) -> bool {
        (0.0..=self.max).contains(&value)
    }
}

/// The loss of that name.
#[must_use]
pub fn loss_named(name: &str) -> Option<&'static LossRow> {
    LOSS_TABLE.into_iter().find(|row| row.name == name)
}

/// What other programs call losses of the table, in small letters.
const ELSEWHERE: [(&str, &str); 8] = [
    ("ce", "softmax"),
    ("cross-entropy", "softmax"),
    ("multinomial", "softmax"),
    ("bce", "logistic"),
    ("binary-cross-entropy", "logistic"),
    ("log-loss", "logistic"),
    ("sigmoid", "logistic"),
    ("one-vs-all", "logistic"),
];

/// The name of the loss that is probably meant by one that is not in the table: that of the paper, of another program, or mistyped.
#[must_use]
pub fn loss_meant(name: &str) -> Option<&'static str> {
    let letters = |name: &str| name.to_lowercase().replace(['_', ' ', '-'], "");
    let plain = name.to_lowercase().replace(['_', ' '], "-");
    let is_it = |other: &str| letters(other) == letters(name);
    let by_paper = LOSS_TABLE.iter().find(|row| is_it(row.paper_name)).map(|row| row.name);
    let elsewhere = || ELSEWHERE.iter().find(|(theirs, _)| is_it(theirs)).map(|(_, ours)| *ours);
    let mistyped = || {
        let names = LOSS_TABLE.map(|row| row.name);
        let near = nearest(&plain, &names);
        names.into_iter().find(|&name| Some(name) == near)
    };
    by_paper.or_else(elsewhere).or_else(mistyped)
}

/// Says that no loss has this name, which was probably meant, and what there are.
#[must_use]
pub fn no_such_loss(name: &str) -> String {
    let meant = loss_meant(name).map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    format!("{name}: no loss{meant}; there are {}", LOSS_TABLE.map(|row| row.name).join(", "))
}

/// All losses, in the order they are listed.
pub static LOSS_TABLE: [&LossRow; 14] = [
    &SOFTMAX,
    &LOGISTIC,
    &INR,
    &FOCAL,
    &SIGMOID_FOCAL,
    &LABEL_SMOOTHING,
    &LOGIT_ADJUSTED,
    &BALANCED_SOFTMAX,
    &LDAM,
    &VECTOR_SCALING,
    &POS_WEIGHT,
    &EQUALIZATION,
    &SEESAW,
    &SOFT_SELECTION,
];

pub(super) static SOFTMAX: LossRow = LossRow {
    name: "softmax",
    title: "Softmax cross-entropy (SML)",
    equation: "-log p_y,  p = softmax(z)",
    law: "B5: outflow equals inflow in every class: m_k (1 - P[k][k]) = sum_{c != k} m_c P[c][k]",
    source: "",
    practice: "PyTorch cross_entropy divides by the sum of weights like this; TensorFlow and Keras by N",
    paper_name: "SML",
    default: LossSpec::Softmax,
    parameters: &[],
    link: Link::Softmax,
    convex: true,
    class_weights: ClassWeighting::WithJacobian,
    reads_counts: false,
};

pub(super) static LOGISTIC: LossRow = LossRow {
    name: "logistic",
    title: "Binary or one-vs-all logistic loss (LGL)",
    equation: "sum_k softplus(-z_k) if k = y else softplus(z_k),  p = sigmoid(z)",
    law: "B1, B6: in every column, m_k (1 - P[k][k]) = sum_{c != k} m_c P[c][k]",
    source: "",
    practice: "PyTorch binary_cross_entropy_with_logits divides by N K: `reduction` element-mean",
    paper_name: "LGL",
    default: LossSpec::Logistic,
    parameters: &[],
    link: Link::Sigmoid,
    convex: true,
    class_weights: ClassWeighting::WithJacobian,
    reads_counts: false,
};

pub(super) static INR: LossRow = LossRow {
    name: "inr",
    title: "LGL-INR, logistic loss with in-negative-class reweighting",
    equation: "sum_k mean_k softplus(-z_k) + sum_c w_c mean_c softplus(z_k),  w_c ~ exp(beta P[c][k])",
    law: "R1 (detached): 1 - P[k][k] = sum_{c != k} w_c P[c][k]; R2 (attached) adds beta (l_c - l) v_c",
    source: "Li, Li, Pan, Zhu, AAAI 2020",
    practice: "means over classes, so that class weights and `reduction` have no effect",
    paper_name: "LGL-INR",
    default: LossSpec::Inr { beta: 1.0, variant: InrVariant::Attached },
    parameters: &[upwards("beta", Some("β ="))],
    link: Link::Sigmoid,
    convex: false,
    class_weights: ClassWeighting::No,
    reads_counts: false,
};

pub(super) static FOCAL: LossRow = LossRow {
    name: "focal",
    title: "Softmax focal loss",
    equation: "-(1 - q)^gamma log p_y,  q = p_y (or p_y^weight, of the weighted loss)",
    law: "B7: B5 with each sample counted f(q) = (1-q)^gamma - gamma q (1-q)^(gamma-1) log q times",
    source: "Lin, Goyal, Girshick, He, Dollar, ICCV 2017",
    practice: "many PyTorch snippets take q = exp(-l) from a weighted l, and divide by N (`reduction` mean)",
    paper_name: "focal",
    default: LossSpec::Focal { gamma: 2.0, probability: FocalProbability::Plain },
    parameters: &[upwards("gamma", Some("γ ="))],
    link: Link::Softmax,
    convex: false,
    class_weights: ClassWeighting::Yes,
    reads_counts: false,
};

pub(super) static SIGMOID_FOCAL: LossRow = LossRow {
    name: "sigmoid-focal",
    title: "Focal loss of one-vs-all columns",
    equation: "alpha (1-p_y)^gamma softplus(-z_y) + (1-alpha) sum_k p_k^gamma softplus(z_k)",
    law: "B7: B6 with each entry's probability p replaced by p^gamma (gamma (1-p) softplus(z) + p)",
    source: "Lin, Goyal, Girshick, He, Dollar, ICCV 2017",
    practice: "torchvision sigmoid_focal_loss: `reduction` element-mean for its mean, sum for its sum",
    paper_name: "sigmoid focal",
    default: LossSpec::SigmoidFocal { gamma: 2.0, alpha: 0.25 },
    parameters: &[upwards("gamma", Some("γ =")), fraction("alpha", Some("α ="))],
    link: Link::Sigmoid,
    convex: false,
    class_weights: ClassWeighting::Yes,
    reads_counts: false,
};

pub(super) static LABEL_SMOOTHING: LossRow = LossRow {
    name: "label-smoothing",
    title: "Softmax cross-entropy against smoothed labels",
    equation: "sum_k t_k (-log p_k),  t = (1 - e) 1[k = y] + e/K, weighted by term or by sample",
    law: "B7: the mean prediction of every class is its mean smoothed target",
    source: "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, CVPR 2016",
    practice: "PyTorch weights each term by its class (default); Keras weights the sample",
    paper_name: "label smoothing",
    default: LossSpec::LabelSmoothing { smoothing: 0.1, weights: SmoothingWeights::Term },
    parameters: &[fraction("smoothing", Some("ε ="))],
    link: Link::Softmax,
    convex: true,
    class_weights: ClassWeighting::Yes,
    reads_counts: false,
};

pub(super) static LOGIT_ADJUSTED: LossRow = LossRow {
    name: "logit-adjusted",
    title: "Softmax of logits shifted by log class frequencies",
    equation: "-log softmax(z + strength log pi)_y",
    law: "B7: B5 for the probabilities of the shifted logits",
    source: "Menon, Jayasumana, Rawat, Jain, Veit, Kumar, ICLR 2021",
    practice: "frequencies of the training set: give all of it, or weights that restore it",
    paper_name: "logit-adjusted",
    default: LossSpec::LogitAdjusted { strength: 1.0 },
    parameters: &[upwards("strength", Some("τ ="))],
    link: Link::Softmax,
    convex: true,
    class_weights: ClassWeighting::Yes,
    reads_counts: true,
};

pub(super) static BALANCED_SOFTMAX: LossRow = LossRow {
    name: "balanced-softmax",
    title: "Softmax of logits shifted by log class sizes",
    equation: "-log softmax(z + log N_k)_y",
    law: "B7: B5 for the probabilities of the shifted logits",
    source: "Ren and others, NeurIPS 2020",
    practice: "the same as logit-adjusted of strength 1: a common shift changes nothing",
    paper_name: "balanced softmax",
    default: LossSpec::BalancedSoftmax,
    parameters: &[],
    link: Link::Softmax,
    convex: true,
    class_weights: ClassWeighting::Yes,
    reads_counts: true,
};

pub(super) static LDAM: LossRow = LossRow {
    name: "ldam",
    title: "Softmax with larger margins for rarer classes",
    equation: "-log softmax(scale (z - D))_y,  D_y = margin (min N / N_y)^(1/4), else 0",
    law: "B7: B5 for the probabilities of the shifted logits",
    source: "Cao, Wei, Gaidon, Arechiga, Ma, NeurIPS 2019",
    practice: "the authors normalise features and weights first: give the cosines as logits",
    paper_name: "LDAM",
    default: LossSpec::Ldam { margin: 0.5, scale: 30.0 },
    parameters: &[upwards("margin", Some("margin")), upwards("scale", Some("scale"))],
    link: Link::Softmax,
    convex: true,
    class_weights: ClassWeighting::Yes,
    reads_counts: true,
};

pub(super) static VECTOR_SCALING: LossRow = LossRow {
    name: "vector-scaling",
    title: "Softmax of logits scaled and shifted by class sizes (VS-loss)",
    equation: "-log softmax((N_k / max N)^gamma z_k + strength log pi_k)_y",
    law: "B7: B5 for the probabilities of the shifted logits",
    source: "Kini, Paraskevas, Oymak, Thrampoulidis, NeurIPS 2021",
    practice: "",
    paper_name: "vector scaling",
    default: LossSpec::VectorScaling { strength: 1.0, gamma: 0.15 },
    parameters: &[upwards("strength", Some("τ =")), upwards("gamma", Some("γ ="))],
    link: Link::Softmax,
    convex: true,
    class_weights: ClassWeighting::Yes,
    reads_counts: true,
};

pub(super) static POS_WEIGHT: LossRow = LossRow {
    name: "pos-weight",
    title: "Logistic loss whose own columns are weighted",
    equation: "w_y softplus(-z_y) + sum_k softplus(z_k)",
    law: "B6: w_k m_k (1 - P[k][k]) = sum_{c != k} m_c P[c][k]",
    source: "",
    practice: "PyTorch's pos_weight; its mean is `reduction` element-mean",
    paper_name: "LGL with positive weights",
    default: LossSpec::PosWeight { weights: PositiveWeights::Balanced },
    parameters: &[],
    link: Link::Sigmoid,
    convex: true,
    class_weights: ClassWeighting::WithJacobian,
    reads_counts: true,
};

pub(super) static EQUALIZATION: LossRow = LossRow {
    name: "equalization",
    title: "Logistic loss in which rare classes are not pushed down",
    equation: "softplus(-z_y) + sum over k not rare of softplus(z_k)",
    law: "B6 with A[c][k] = 0 for rare k: a rare column has no stationary point",
    source: "Tan and others, CVPR 2020",
    practice: "every sample taken for foreground",
    paper_name: "equalization",
    default: LossSpec::Equalization { rare: 0.01 },
    parameters: &[fraction("rare", Some("rare below"))],
    link: Link::Sigmoid,
    convex: true,
    class_weights: ClassWeighting::Yes,
    reads_counts: false,
};

pub(super) static SEESAW: LossRow = LossRow {
    name: "seesaw",
    title: "Softmax that pushes rare classes down less, unless misclassified",
    equation: "-log softmax(z + log S)_y,  S_j = min(1, N_j/N_y)^p max(1, p_j/p_y)^q, held constant",
    law: "B7: B5 for the probabilities of the shifted logits",
    source: "Wang and others, CVPR 2021",
    practice: "MMDetection holds p_y above 0.01 in S (default); the paper does not: `floor` 0",
    paper_name: "seesaw",
    default: LossSpec::Seesaw { mitigation: 0.8, compensation: 2.0, floor: 0.01 },
    parameters: &[
        upwards("mitigation", Some("p =")),
        upwards("compensation", Some("q =")),
        fraction("floor", None),
    ],
    link: Link::Softmax,
    convex: false,
    class_weights: ClassWeighting::Yes,
    reads_counts: true,
};

pub(super) static SOFT_SELECTION: LossRow = LossRow {
    name: "soft-selection",
    title: "Logistic loss whose other columns count by their probability (SS-LR)",
    equation: "softplus(-z_y) + alpha/(K-1) sum_k p_k^gamma softplus(z_k)",
    law: "B7: B6 with each other entry's p replaced by p^gamma (gamma (1-p) softplus(z) + p)",
    source: "Dong, Zhu, Gong, AAAI 2019",
    practice: "",
    paper_name: "SS-LR",
    default: LossSpec::SoftSelection { alpha: 1.0, gamma: 2.0 },
    parameters: &[upwards("alpha", Some("α =")), upwards("gamma", Some("γ ="))],
    link: Link::Sigmoid,
    convex: false,
    class_weights: ClassWeighting::Yes,
    reads_counts: false,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;
    use crate::loss::{ClassWeights, Loss, Targets};

    #[test]
    fn names_of_papers_and_other_programs_and_mistyped_ones_lead_on() {
        for (name, meant) in [
            ("SML", Some("softmax")),
            ("lgl-inr", Some("inr")),
            ("cross_entropy", Some("softmax")),
            ("CrossEntropy", Some("softmax")),
            ("BCE", Some("logistic")),
            ("focl", Some("focal")),
            ("Balanced Softmax", Some("balanced-softmax")),
            ("hinge", None),
        ] {
            assert_eq!(loss_meant(name), meant, "{name}");
        }
        let said = no_such_loss("focl");
        assert!(said.starts_with("focl: no loss; did you mean focal?; there are softmax,"), "{said}");
    }

    #[test]
    fn every_row_is_that_of_its_default_and_every_parameter_is_set_by_its_name() {
        for row in LOSS_TABLE {
            assert_eq!(row.default.row().name, row.name);
            assert_eq!(row.default.problem(), None, "{}", row.name);
            assert_eq!(row.default.numbers().len(), row.parameters.len(), "{}", row.name);
            for parameter in row.parameters {
                let mut other = row.default.clone();
                assert!(other.set(parameter.name, 0.75) && other != row.default, "{}", parameter.name);
                let found = other.numbers().into_iter().find(|(named, _)| named.name == parameter.name);
                assert_eq!(found.map(|(_, value)| value), Some(0.75), "{} of {}", parameter.name, row.name);
            }
            assert!(!row.default.clone().set("no such number", 1.0));
        }
    }

    #[test]
    fn files_take_every_loss_by_the_name_of_its_row() {
        for row in LOSS_TABLE {
            let named = match serde_json::to_value(&row.default).expect("JSON") {
                serde_json::Value::Object(parameters) => {
                    serde_json::json!({ row.name: parameters.values().next() })
                }
                _ => serde_json::json!(row.name),
            };
            let read: LossSpec = serde_json::from_value(named).expect(row.name);
            assert_eq!(read, row.default);
        }
    }

    #[test]
    fn what_rows_say_is_what_losses_do() {
        let labels = Labels::numbered(vec![0, 0, 0, 1, 1, 2], 3).expect("classes");
        let targets = |weights| Targets::new(&labels, &weights).expect("valid");
        let at =
            nalgebra::DMatrix::from_fn(3, 6, |row, sample| (1.7 * row as f64 + 0.9 * sample as f64).sin());
        let gradient = |row: &LossRow, weights| {
            let (targets, mut gradient) = (targets(weights), nalgebra::DMatrix::zeros(3, 6));
            row.default.build(&targets).value_and_gradient(&at, &targets, &mut gradient);
            gradient
        };
        for row in LOSS_TABLE {
            let loss = row.default.build(&targets(ClassWeights::None));
            assert_eq!(loss.link(), row.link, "{}", row.name);
            let weighted = gradient(row, ClassWeights::Explicit(vec![1.0, 2.0, 5.0]));
            let changed = (weighted - gradient(row, ClassWeights::None)).amax() > 1e-3;
            assert_eq!(changed, row.class_weights != ClassWeighting::No, "{}", row.name);
        }
    }

    /// A variant of [`LossSpec`] that no row lists would be a loss that files know and the command line does not.
    #[cfg(feature = "schema")]
    #[test]
    fn the_table_lists_every_loss_that_files_know() {
        use schemars::schema_for;

        let schema = serde_json::to_string(&schema_for!(LossSpec)).expect("JSON");
        let quoted = |row: &&LossRow| schema.contains(&format!("\"{}\"", row.name.replace('-', "_")));
        assert!(LOSS_TABLE.iter().all(quoted), "{schema}");
        let schema = serde_json::to_value(schema_for!(LossSpec)).expect("JSON");
        let of_variant = |variant: &serde_json::Value| variant["enum"].as_array().map_or(1, Vec::len);
        let known: usize = schema["oneOf"].as_array().expect("variants").iter().map(of_variant).sum();
        assert_eq!(known, LOSS_TABLE.len());
    }
}
