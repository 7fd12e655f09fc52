//! Whitelist, blacklist and monitor list: what matches, and the commands that change them.
