import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMirror } from './debian-mirror.ts';

const DEB822 = `# the host's
Types: deb
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`;

test('finds the mirror in the host’s sources for its release, in either format', () => {
  const deb822 = findMirror({ '/etc/apt/sources.list.d/debian.sources': DEB822 }, 'bookworm');
  assert.equal(deb822.main, 'http://mirror.example/debian');
  assert.equal(deb822.security, 'http://mirror.example/debian-security');
  const oneLine = findMirror(
    {
      '/etc/apt/sources.list':
        '# x\ndeb [arch=amd64 signed-by=/k.gpg] https://m.example/debian bookworm main contrib\n',
    },
    'bookworm',
  );
  assert.equal(oneLine.main, 'https://m.example/debian');
});

test('skips foreign, disabled, source-only and non-HTTP entries', () => {
  const files = {
    'a.sources':
      'Types: deb\nURIs: https://deb.nodesource.com/node_20.x\nSuites: nodistro\nComponents: main\n',
    'b.sources': 'Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: bookworm\n',
    'c.sources': 'Types: deb-src\nURIs: http://src.example/debian\nSuites: bookworm\n',
    'd.list': 'deb cdrom:[Debian]/ bookworm main\ndeb-src http://src.example/debian bookworm main\n',
    'e.sources': 'this is not a source list at all',
  };
  assert.equal(findMirror(files, 'bookworm').main, 'http://deb.debian.org/debian');
});

test('a deb822 field may continue on indented lines', () => {
  const files = {
    'a.sources': 'Types: deb\nURIs:\n http://m.example/debian\nSuites: bookworm\n  bookworm-updates\n',
  };
  assert.equal(findMirror(files, 'bookworm').main, 'http://m.example/debian');
});
