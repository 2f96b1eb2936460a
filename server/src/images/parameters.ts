import { gunzipSync, gzipSync } from 'node:zlib';
import type { EngineParameter } from '../services/provider.ts';

/** The image property that lists the parameters of the engine in it. */
export const PARAMETERS_PROPERTY = 'danube.parameters';

/** A list of parameters as the text of one image property: some hundred take about 10 kB. */
export const packParameters = (parameters: readonly EngineParameter[]): string =>
  gzipSync(JSON.stringify(parameters)).toString('base64');

export const unpackParameters = (property: string): EngineParameter[] =>
  JSON.parse(gunzipSync(Buffer.from(property, 'base64')).toString('utf8')) as EngineParameter[];
