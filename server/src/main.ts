import { runCommand } from './cli/commands.ts';
import { reportFailure } from './cli/failure.ts';

try {
  process.exitCode = await runCommand(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportFailure(error);
}
// A command's channel to its launcher must not keep the process alive.
if (process.connected) process.disconnect();
