//! The lecture page: as a lecturer uses it, in a real browser, and as an attacker would.

mod hostile;
mod in_browser;
mod page;
mod served;
mod site;
