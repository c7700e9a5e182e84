//! The lecture page: as a lecturer uses it, in a real browser, and as an attacker would.

#[path = "../browser/mod.rs"]
mod browser;
#[path = "../browser/hand.rs"]
mod hand;
mod hostile;
mod in_browser;
mod page;
mod served;
