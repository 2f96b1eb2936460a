/**
 * The test files that take longest, the longest first, as "The slowest files" at the end of a run shows them. They begin
 * first, so that none of them still runs alone when all others have ended.
 */
const LONGEST = [
  'server/test/real/quiet/object-store.test.ts',
  'server/test/real/quiet/diagnosis.test.ts',
  'server/test/real/quiet/snapshots.test.ts',
  'server/test/real/quiet/managed-services.test.ts',
  'server/test/real/quiet/guides.test.ts',
  'server/test/real/quiet/contract-verbs.test.ts',
  'server/test/real/quiet/mysql.test.ts',
  'server/test/real/quiet/postgresql.test.ts',
  'server/test/real/quiet/valkey.test.ts',
  'server/test/real/quiet/contract-guests.test.ts',
  'server/test/real/quiet/writable.test.ts',
  'server/test/real/quiet/vps.test.ts',
  'server/test/real/quiet/browser.test.ts',
  'server/test/real/quiet/firewall-changes.test.ts',
  'server/test/real/disruptive/contract-kills.test.ts',
  'server/test/real/disruptive/host-restart.test.ts',
  'server/src/resources/managed-services/faults.test.ts',
  'server/src/resources/vps/faults.test.ts',
  'server/src/resources/snapshots/faults.test.ts',
  'server/test/dashboard-accessibility.test.ts',
  'server/test/dashboard-hostile.test.ts',
  'server/test/dashboard.test.ts',
  'server/test/dashboard-code.test.ts',
  'server/test/dashboard-objects.test.ts',
  'server/test/dashboard-together.test.ts',
  'server/test/dashboard-work.test.ts',
  'server/src/cli/start.test.ts',
  'server/src/host/components/host-firewall.test.ts',
  'server/src/resources/firewalls/faults.test.ts',
  'server/test/documented-requests.test.ts',
  'server/src/resources/managed-services/managed-services.test.ts',
  'server/test/soak.test.ts',
];

/** The files in the order in which they should begin. */
export function longestFirst(files: readonly string[]): string[] {
  const rank = (file: string): number => (LONGEST.includes(file) ? LONGEST.indexOf(file) : LONGEST.length);
  return files.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
