import { runCommand } from './cli/commands.ts';
import { reportFailure } from './cli/failure.ts';

// Exits by itself, whatever a library still holds open: all that must be ended has been when a command resolves.
try {
  process.exit(await runCommand(process.argv.slice(2)));
} catch (error) {
  process.exit(reportFailure(error));
}
