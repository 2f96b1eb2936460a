import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TestService } from './service.ts';

/** Shell commands that print what the build left in the image and no instance may have: each line is a fault. */
const LEFT = `
initial=/usr/lib/danube/initial
[ ! -d $initial ] || find $initial -name '*.pem' -o -name auto.cnf -o -name ib_buffer_pool -size +0 -o -name mysql_upgrade_history -o -name 'pgstat*' -o -path '*/pg_wal/0*'
find /var/log -type f ! -path '/var/log/danube/*'
find /root /home /etc/ssh -name '.*history' -o -name 'ssh_host_*' 2>/dev/null || :
cat /etc/machine-id
grep -rls '^password' /etc/mysql || :
`;

/** Tests that nothing of the image's build is left in an instance. */
export function testImage(subject: () => TestService): void {
  it('has nothing that the build of its image left', async () => {
    assert.equal((await subject().inside(['sh', '-euc', LEFT])).stdout, '');
  });
}

interface Subject {
  service: TestService;
  /** The data folder, and what else `adopt-data` is given. */
  data: string;
  adopt: string;
  /** Shell command that prints what no other instance may have, from the data folder `$1`; null: there is nothing. */
  identity: string | null;
}

/** Names and least sizes of the files in the image's data that the copy `$1` does not have. */
const MISSING = `
missing() {
  cd /usr/lib/danube/initial
  find . -type f -printf '%s %p\\n' | while read -r size file; do
    [ "$(stat -c %s "$1/$file" 2>/dev/null || echo -1)" -ge "$size" ] || echo "$file is not whole"
  done
}`;

/** Kills the first start after ever more seconds, and lets another one begin while children of the first may still be at work. */
const KILLED = `
for seconds in 0.01 0.05 0.2; do
  rm -rf /data/other
  timeout --foreground -s KILL $seconds $ADOPT || :
  [ ! -d /data/other ] || missing /data/other
  $ADOPT
  [ ! -e /data/new ] || echo 'a half copy is left'
  missing /data/other
done
`;

/** Tests that the image's data become an instance's own, or stay what they are. */
export function testInitialData(subject: () => Subject): void {
  const inside = async (commands: string): Promise<string> => {
    const { service, adopt } = subject();
    const script = `ADOPT="/usr/lib/danube/adopt-data /data/other ${adopt}"\n${commands}\nrm -rf /data/other`;
    return (await service.inside(['sh', '-euc', script])).stdout.trim();
  };

  it('has an identity that neither its image nor another instance has', async () => {
    const { data, identity } = subject();
    if (identity === null) return;
    const folders = `${data} /data/other /usr/lib/danube/initial`;
    const found = await inside(
      `id() { ${identity}; }\n$ADOPT\nfor folder in ${folders}; do id $folder; done`,
    );
    const [own, ...others] = found.split('\n');
    assert.match(own!, /[0-9a-f]{8}/);
    assert.ok(!others.includes(own!), found);
    // Those that the engine makes by itself are in no data that it has not started with.
    if (others[0] !== 'none') assert.equal(new Set(found.split('\n')).size, 3, found);
    else assert.deepEqual(others, ['none', 'none']);
  });

  it('takes no half-copied data for whole, whenever the first start is killed', async () => {
    assert.equal(await inside(`${MISSING}${KILLED}`), '');
  });
}
