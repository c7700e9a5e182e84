//! Files that nobody prepared for the page.
