#!/usr/bin/env node
// Plain JavaScript: a Node that does not read TypeScript would end with a stack instead of a sentence.
if (!process.features.typescript) {
  process.stderr.write(
    `danubectl: this is Node.js ${process.versions.node}, and danubectl needs 22.18 or newer: https://nodejs.org/en/download\n`,
  );
  process.exit(2);
}
await import('./main.ts');
