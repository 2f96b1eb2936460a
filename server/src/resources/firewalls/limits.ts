/** Rules of one firewall. */
export const MAX_RULES = 100;
/** Addresses of one rule, and instances that it names. */
export const MAX_SOURCES = 100;
/** Firewalls that one instance has. */
export const MAX_FIREWALLS_OF_INSTANCE = 5;
/** Seconds in which a deploy can ask to be confirmed. */
export const MIN_CONFIRM_SECONDS = 5;
export const MAX_CONFIRM_SECONDS = 3600;
/**
 * Work that the rules of all instances of a team may be together, as `workOf` counts it. A change of one of them
 * compiles them all, and is to take effect within a second.
 */
export const MAX_WORK_OF_TEAM = 5_000_000;
