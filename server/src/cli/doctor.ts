import { readConfig } from '../config.ts';
import { checkAll } from '../host/checks.ts';
import { refuseOtherEngine, requireInstall } from '../host/install.ts';
import { OperatorError } from '../host/operator-error.ts';
import type { Finding } from '../host/verdict.ts';
import { isRoot } from '../lib/processes.ts';

const MARKS = { ok: '✓', warn: '!', fail: '✗' } as const;

/** `danube doctor`: exit status 1 when a check fails. */
export async function doctor(options: { json: boolean }): Promise<number> {
  const config = readConfig(process.env);
  const install = await requireInstall(config.home);
  refuseOtherEngine(config, install);
  if (!isRoot() && install.incus !== 'none') {
    throw new OperatorError('Checking this install needs root.', 'Use sudo.');
  }
  const findings = await checkAll({
    config,
    installId: install.installId,
    incus: install.incus,
    log: () => undefined,
  });
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ install_id: install.installId, findings }, null, 2)}\n`
      : describe(findings),
  );
  return findings.some(({ state }) => state === 'fail') ? 1 : 0;
}

function describe(findings: Finding[]): string {
  const width = Math.max(...findings.map(({ component }) => component.length));
  const lines = findings.flatMap(({ component, state, message, remedy }) => [
    `  ${MARKS[state]} ${component.padEnd(width)}  ${message}`,
    ...(remedy ? [`    ${' '.repeat(width)}  → ${remedy}`] : []),
  ]);
  const count = (state: Finding['state']): number =>
    findings.filter((finding) => finding.state === state).length;
  return `${lines.join('\n')}\n\n  ${count('ok')} fine, ${count('warn')} to look at, ${count('fail')} failing\n`;
}
