import manifest from '../../package.json' with { type: 'json' };

/** Version of Danube, as in `server/package.json`. */
export const VERSION: string = manifest.version;
