import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BASE_PROGRESS, buildProgress, IMAGE_PROGRESS } from './build-progress.ts';

test('the progress of an image’s build never goes back, and ends with its compression', () => {
  const shown: [string, number | undefined][] = [];
  const report = (message: string, percent?: number) => void shown.push([message, percent]);
  let onLine = buildProgress('debian-12', report, BASE_PROGRESS);
  const install = (packages: number) => {
    onLine(`0 upgraded, ${packages} newly installed, 0 to remove and 0 not upgraded.`);
    for (let nth = 0; nth < packages; nth++) onLine(`Unpacking package-${nth}:amd64 (1.0) ...`);
    for (let nth = 0; nth < packages; nth++) onLine(`Setting up package-${nth}:amd64 (1.0) ...`);
  };
  install(80);
  const afterFirst = shown.at(-1)![1]!;
  install(40);
  onLine('I: creating tarball...');
  onLine = buildProgress('debian-12', report, IMAGE_PROGRESS);
  onLine('0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.');
  install(120);
  onLine('I: creating tarball...');
  const percents = shown.map(([, percent]) => percent!);
  assert.deepEqual(
    percents,
    percents.toSorted((a, b) => a - b),
  );
  assert.ok(afterFirst < 50, `${afterFirst} %`);
  assert.deepEqual(shown[0], ['Building debian-12: fetching package lists', 0]);
  assert.deepEqual(shown.at(-2), ['Building debian-12: setting up package-119:amd64', 91]);
  assert.deepEqual(shown.at(-1), ['Building debian-12: compressing it', 91]);
});
