//! What cannot be audited is named in one line: what, where, what to do.

use super::files::{Folder, doubles, npy, npz, sample, stored, whole};
use zip::CompressionMethod::{Deflated, Stored};

fn refused(logits: Vec<u8>, labels: Vec<u8>, options: &[&str]) -> String {
    let folder = Folder::with("a.npz", &npz(&[("logits", logits), ("labels", labels)], Stored));
    folder.complaint(&[&["a.npz"], options].concat())
}

#[test]
fn labels_that_do_not_fit() {
    let (logits, labels) = sample();
    for (labels, part) in [
        (labels[1..].to_vec(), "labels: 39 labels, but a.npz, logits has 40 rows"),
        (labels.iter().map(|label| label + 1).collect(), "row 33 (index 32): 3, but classes are 0 to 2"),
        (labels.iter().map(|label| label - 2).collect(), "row 1 (index 0): -2, but classes are 0 to 2"),
        (vec![-1; 40], "there is nothing to audit"),
    ] {
        let complaint = refused(doubles(&logits), whole(&labels), &[]);
        assert!(complaint.contains(part), "{complaint}");
    }
    let twos: Vec<Vec<f64>> = vec![vec![1.0, 1.0, 0.0]; 40];
    let complaint = refused(doubles(&logits), doubles(&twos), &[]);
    assert!(complaint.contains("row 1 (index 0): is not one-hot"), "{complaint}");
    let complaint = refused(doubles(&logits), doubles(&vec![vec![0.5]; 40]), &[]);
    assert!(complaint.contains("row 1 (index 0): 0.5, but labels are whole numbers"), "{complaint}");
}

#[test]
fn rows_that_are_no_logits_or_probabilities() {
    let (logits, labels) = sample();
    for (value, part) in [
        (f64::NAN, "row 8, column 2 (index 7, 1): the logit is NaN"),
        (f64::INFINITY, "is inf"),
        (1e13, "at most 1e12"),
    ] {
        let mut logits = logits.clone();
        logits[7][1] = value;
        let complaint = refused(doubles(&logits), whole(&labels), &[]);
        assert!(complaint.contains(part), "{complaint}");
    }
    for (row, part) in [
        (vec![0.5, 0.6, 0.1], "row 1 (index 0): probabilities sum to 1.2"),
        (vec![1.5, -0.6, 0.1], "row 1, column 1 (index 0, 0): the probability is 1.5"),
        (vec![f64::NAN, 0.5, 0.5], "row 1, column 1 (index 0, 0): the probability is NaN"),
    ] {
        let file = npz(&[("probabilities", doubles(&vec![row; 40])), ("labels", whole(&labels))], Stored);
        let complaint = Folder::with("a.npz", &file).complaint(&["a.npz"]);
        assert!(complaint.contains(part), "{complaint}");
    }
}

#[test]
fn files_that_are_not_what_they_say() {
    let (logits, labels) = sample();
    let whole_file = stored(&logits, &labels);
    let bomb = [doubles(&logits), vec![0; 50_000_000]].concat();
    let vast = npy("<f8", &[1 << 40, 1 << 20], false, &[0; 100]);
    let objects = npy("|O", &[40, 3], false, &[0; 960]);
    let cube = npy("<f8", &[2, 20, 3], false, &[0; 960]);
    for (bytes, part) in [
        (whole_file[..700].to_vec(), "cut off or damaged"),
        (Vec::new(), "is empty"),
        (vec![0xff; 300], "is an Arrow IPC stream, which is not read"),
        (vec![0xfe; 300], "line 1, column 1: is not UTF-8"),
        (vec![0; 300], "is no table that can be read"),
        (npz(&[], Stored), "holds no logits"),
        (
            npz(&[("labels", whole(&labels))], Stored),
            "holds no logits or probabilities; its arrays are: labels; name one with --logits",
        ),
        (npz(&[("logits", doubles(&logits))], Stored), "holds no labels; its arrays are: logits"),
        (
            npz(&[("logits", bomb.clone()), ("labels", whole(&labels))], Deflated),
            "unpacks to more numbers than it announces",
        ),
        (
            npz(&[("logits", vast.clone()), ("labels", whole(&labels))], Deflated),
            "announces more numbers than can be",
        ),
        (npz(&[("logits", vast), ("labels", whole(&labels))], Stored), "are announced; save it again"),
        (npz(&[("logits", objects), ("labels", whole(&labels))], Stored), "holds Python objects"),
        (npz(&[("logits", cube), ("labels", whole(&labels))], Stored), "has 3 axes"),
        (npz(&[("logits", doubles(&[])), ("labels", whole(&[]))], Stored), "no columns"),
        (b"a,b,label\n1,2\n".to_vec(), "line 2: 2 cells, but the header has 3 columns"),
        (b"a,b,label\n1,2,0\n1,x,0\n".to_vec(), "line 3, column \"b\": \"x\" is no number"),
        (b"a,b,c\n1,2,0\n".to_vec(), "has no column of labels"),
        (
            b"a,b,label\n1,2,z\n".to_vec(),
            "line 2, column \"label\": \"z\" is neither the number of a class nor a heading",
        ),
    ] {
        let complaint = Folder::with("a", &bytes).complaint(&["a"]);
        assert!(complaint.contains(part), "{complaint}");
    }
    let folder = Folder::with("z.npy", &doubles(&logits));
    assert!(folder.complaint(&["z.npy"]).contains("give the NPY file of the labels too"));
    assert!(folder.complaint(&["missing"]).contains("there is no such file"));
    assert!(folder.complaint(&["."]).contains("it is a directory"));
}

#[test]
fn options_that_do_not_fit() {
    let (logits, labels) = sample();
    let folder = Folder::with("a.npz", &stored(&logits, &labels));
    for (options, part) in [
        (
            &["--gamma", "2"][..],
            "--gamma: goes with --loss focal, sigmoid-focal, vector-scaling, soft-selection only",
        ),
        (&["--detached"], "--detached: goes with --loss inr only"),
        (&["--loss", "focal", "--gamma", "-1"], "--loss focal: gamma = -1; give a number from 0"),
        (&["--loss", "label-smoothing", "--smoothing", "1.5"], "smoothing = 1.5; give a number from 0 to 1"),
        (&["--loss", "pos-weight", "--positive-weights", "1,2"], "2 positive weights for 3 classes"),
        (&["--loss", "pos-weight", "--positive-weights", "1,2,x"], "x is no number"),
        (
            &["--loss", "pos-weight", "--positive-weights", "1,2,0"],
            "positive weight 0; give positive numbers",
        ),
        (&["--class-weights", "1,2"], "2 given for 3 classes"),
        (&["--class-names", "a,b"], "2 names for 3 classes"),
        (&["--tolerance", "nan"], "--tolerance: NaN"),
        (&["--l2", "-1"], "--l2"),
        (&["--biases", "b.txt"], "name it .npy or .json"),
        (&["--out", "a.npz"], "is the file that is read"),
        (&["--out", "missing/a.html"], "cannot write into"),
        (&["a.npz"], "is not needed"),
        (&["--loss", "hinge"], "hinge"),
    ] {
        let complaint = folder.complaint(&[&["a.npz"], options].concat());
        assert!(complaint.contains(part), "{options:?}: {complaint}");
    }
    let two: Vec<i64> = labels.iter().map(|&label| label % 2).collect();
    let complaint = refused(doubles(&logits), whole(&two), &["--loss", "ldam"]);
    assert!(complaint.contains("class 2 has no sample"), "{complaint}");
    let single: Vec<Vec<f64>> = logits.iter().map(|row| row[..1].to_vec()).collect();
    let complaint = refused(doubles(&single), whole(&two), &[]);
    assert!(complaint.contains("takes 2 logits per sample"), "{complaint}");
}

#[test]
fn weights_of_another_shape() {
    let (logits, labels) = sample();
    let file = |features: usize, weight: &[usize], bias: usize| {
        npz(
            &[
                ("logits", doubles(&logits)),
                ("labels", whole(&labels)),
                ("features", doubles(&vec![vec![1.0; 4]; features])),
                ("weight", npy("<f8", weight, false, &vec![0; 8 * weight.iter().product::<usize>()])),
                ("bias", npy("<f8", &[bias], false, &vec![0; 8 * bias])),
            ],
            Stored,
        )
    };
    for (bytes, part) in [
        (file(39, &[3, 4], 3), "features: has 39 rows, but there are 40 of logits"),
        (file(40, &[3, 5], 3), "weight: has shape (3, 5); (3, 4) is needed"),
        (file(40, &[4, 3], 3), "weight: has shape (4, 3); (3, 4) is needed"),
        (file(40, &[3, 4], 2), "bias: has shape (2,); (3,) is needed"),
    ] {
        let complaint = Folder::with("a.npz", &bytes).complaint(&["a.npz"]);
        assert!(complaint.contains(part), "{complaint}");
    }
}
