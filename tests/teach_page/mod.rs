//! The lecture page: as a lecturer uses it, in a real browser, and as an attacker would.

mod hand;
mod hostile;
mod in_browser;
mod keyboard;
mod languages;
mod page;
mod served;
mod site;
mod slides;
mod strange_files;
mod walls;
