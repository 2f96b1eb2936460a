import openapiTypescript, { astToString } from 'openapi-typescript';

/** Generates the client's types from the text of an OpenAPI document. */
export async function clientTypes(document: string): Promise<string> {
  const nodes = await openapiTypescript(document, { defaultNonNullable: false });
  return `// Generated from openapi/v1.json by \`npm run generate\`.\n${astToString(nodes)}`;
}
