import { reportFailure } from './cli/failure.ts';
import { runCommand } from './cli/run-command.ts';
import { unknownSettings } from './config.ts';

// A reader that ends before its time, such as `head`, or `tee` at Ctrl-C, must not end us: a server has to stop what it
// has started.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

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
