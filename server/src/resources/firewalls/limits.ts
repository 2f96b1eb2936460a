/** Rules of one firewall. */
export const MAX_RULES = 100;
/** Addresses of one rule, and instances that it names. */
export const MAX_SOURCES = 100;
/** Firewalls that one instance has. */
export const MAX_FIREWALLS_OF_INSTANCE = 5;
/** Seconds in which a deploy can ask to be confirmed. */
export const MIN_CONFIRM_SECONDS = 5;
export const MAX_CONFIRM_SECONDS = 3600;
