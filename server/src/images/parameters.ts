import { gunzipSync, gzipSync } from 'node:zlib';
import type { EngineParameter } from '../services/provider.ts';

/** The image property that lists the parameters of its engine. */
export const PARAMETERS_PROPERTY = 'danube.parameters';

/** Packs a list of parameters into one image property: some hundred take about 10 kB. */
export const packParameters = (parameters: readonly EngineParameter[]): string =>
  gzipSync(JSON.stringify(parameters)).toString('base64');

export const unpackParameters = (property: string): EngineParameter[] =>
  JSON.parse(gunzipSync(Buffer.from(property, 'base64')).toString('utf8')) as EngineParameter[];
