/** An invalid setting. The message names the setting and the values it takes. */
export class ConfigError extends Error {}
