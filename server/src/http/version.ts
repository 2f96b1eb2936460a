import manifest from '../../package.json' with { type: 'json' };

/** Danube's version, from `server/package.json`. */
export const VERSION: string = manifest.version;
