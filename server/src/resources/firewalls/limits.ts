/** Most rules of a firewall. */
export const MAX_RULES = 100;
/** Most addresses, and most instances, that one rule names. */
export const MAX_SOURCES = 100;
/** Most firewalls attached to one instance. */
export const MAX_FIREWALLS_OF_INSTANCE = 5;
/** Limits, in seconds, of the time for confirming a deploy. */
export const MIN_CONFIRM_SECONDS = 5;
export const MAX_CONFIRM_SECONDS = 3600;
/**
 * Most compile work for the rules of all instances of a team, as `workOf` counts it. A change of one rule may compile
 * all of them, and should take effect within a second.
 */
export const MAX_WORK_OF_TEAM = 5_000_000;
