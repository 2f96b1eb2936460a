/** What every page needs: it is one file, which compresses better than many. */
const CORE = new RegExp(
  [
    'node_modules/(react|react-dom|scheduler|use-sync-external-store|@tanstack)/',
    'node_modules/lucide-react/dist/esm/((?!icons/)|icons/(compass|triangle-exclamation-point|circle-check|x|loader-circle)\\.)',
    'vite/preload-helper',
    'src/(brand|api/(account|client|team)|sign-in/api|text/(common|sign-in))\\.tsx?$',
    'src/ui/(button|page|toast|tip|field|form|form-element|path|refusals|sending)\\.tsx?$',
  ].join('|'),
);

/** What the frame and the lists need besides, with all that it imports. The sign-in page must need none of it. */
const CONSOLE = new RegExp(
  [
    'src/(shell/(frame|pages)|api/queries|instances/(columns|confirmed|status|kinds))\\.tsx?$',
    'src/ui/(table|menu|dialog|badge|copy|time|filter)\\.tsx?$',
  ].join('|'),
);

/** Which modules share a file. All others are split by the pages that load them. */
export const CHUNKS = {
  groups: [
    { name: 'core', test: CORE, priority: 2, includeDependenciesRecursively: false },
    { name: 'console', test: CONSOLE, priority: 1 },
  ],
};
