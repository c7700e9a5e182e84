//! Quick checks of the core's claims: prints the ids of those that fail, for `tests/mutations/run.py`.

use equipoise::claims::{Effort, VerifyOptions, verify};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ids = std::env::args().skip(1).collect();
    let options = VerifyOptions { ids, effort: Effort::Quick, seed: 1, case: None };
    let verdicts = verify(&options, &|_| ())?;
    let failing: Vec<String> =
        verdicts.into_iter().filter(|verdict| !verdict.holds).map(|verdict| verdict.id).collect();
    println!("{}", failing.join(" "));
    Ok(())
}
