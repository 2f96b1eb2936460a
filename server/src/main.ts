import { runCommand } from './cli/commands.ts';
import { reportFailure } from './cli/failure.ts';
import { unknownSettings } from './config.ts';

for (const name of unknownSettings(process.env)) {
  process.stderr.write(`danube: ${name} is not a setting, and has no effect. See docs/configuration.md.\n`);
}

// Exits explicitly, because a library may still hold a handle open. Each command has cleaned up by the time it
// resolves.
try {
  process.exit(await runCommand(process.argv.slice(2)));
} catch (error) {
  process.exit(reportFailure(error));
}
