import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { Menu as MenuIcon, Search, X } from 'lucide-react';
import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from 'react';
import { accountQuery } from '../api/account.ts';
import { connectionNow, followEvents, onConnection } from '../api/live.ts';
import { healthQuery } from '../api/queries.ts';
import { logo } from '../brand.ts';
import { useRefusalsOfRole } from '../team/refusals.ts';
import { common } from '../text/common.ts';
import { shell } from '../text/shell.ts';
import { IconButton } from '../ui/button.tsx';
import { RefusalsContext } from '../ui/refusals.ts';
import { AccountMenu } from './account-menu.tsx';
import { type NavigationPage, navigationOf, SETTINGS } from './pages.ts';
import { TeamSwitcher } from './team-switcher.tsx';

const PageIcon = lazy(() => import('./page-icon.tsx'));
const Palette = lazy(() => import('./palette.tsx'));
const Announcements = lazy(() =>
  import('./announcements.tsx').then(({ Announcements }) => ({ default: Announcements })),
);

/** What stands around every page: navigation, the state of the connection, the palette. */
export function Frame() {
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [palette, setPalette] = useState(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const refusals = useRefusalsOfRole(path);
  useActiveInView(path);
  useEffect(() => followEvents(client), [client]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: closes when the page has changed
  useEffect(() => setOpen(false), [path]);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key === 'k' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        setPalette(true);
      }
      if (event.key === 'Escape') setOpen(false);
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, []);
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15.5rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-lg bg-accent-fill px-3 py-2 text-accent-ink focus:translate-y-0"
      >
        {shell.skip}
      </a>
      <header className="sticky top-0 z-30 flex h-14 items-center justify-between gap-2 border-b border-line bg-ground px-3 lg:hidden">
        <Brand />
        <span className="flex">
          <IconButton label={shell.search} onClick={() => setPalette(true)}>
            <Search />
          </IconButton>
          <IconButton
            label={isOpen ? shell.closeNavigation : shell.openNavigation}
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            {isOpen ? <X /> : <MenuIcon />}
          </IconButton>
        </span>
      </header>
      <Sidebar isOpen={isOpen} onSearch={() => setPalette(true)} />
      <div className="min-w-0">
        <ConnectionBar />
        <Suspense fallback={null}>
          <Announcements />
        </Suspense>
        <main id="content" className="mx-auto w-full max-w-[84rem] px-4 py-6 sm:px-8 sm:py-8">
          <RefusalsContext value={refusals}>
            <Outlet />
          </RefusalsContext>
        </main>
      </div>
      {palette && (
        <Suspense fallback={null}>
          <RefusalsContext value={refusals}>
            <Palette onClose={() => setPalette(false)} />
          </RefusalsContext>
        </Suspense>
      )}
    </div>
  );
}

function Sidebar({ isOpen, onSearch }: { isOpen: boolean; onSearch: () => void }) {
  const { data: account } = useQuery(accountQuery);
  return (
    <div
      className={`${isOpen ? 'flex' : 'hidden'} fixed inset-x-0 top-14 bottom-0 z-30 flex-col gap-1 bg-ground p-3 lg:sticky lg:top-0 lg:flex lg:h-dvh lg:border-r lg:border-line`}
    >
      <div className="hidden h-10 shrink-0 items-center px-2 lg:flex">
        <Brand />
      </div>
      <TeamSwitcher />
      <button
        type="button"
        onClick={onSearch}
        className="mt-1 mb-2 hidden h-9 shrink-0 items-center gap-2.5 rounded-lg border border-line bg-surface px-3 text-quiet transition-colors hover:border-edge lg:flex [&_svg]:size-4"
      >
        <Search aria-hidden />
        <span className="flex-1 text-left">{shell.search}</span>
        <kbd className="font-sans text-xs">Ctrl K</kbd>
      </button>
      <nav
        aria-label={shell.navigation}
        className="-mx-1 flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-1 py-1"
      >
        {navigationOf(account).map(({ title, pages }) => (
          <div key={title}>
            {title && <h2 className="px-3 pb-1 text-xs font-medium tracking-normal text-quiet">{title}</h2>}
            <ul className="flex flex-col gap-px">
              {pages.map((page) => (
                <NavigationLink key={page.to} page={page} />
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <ul className="flex shrink-0 flex-col gap-px pt-2">
        <NavigationLink page={SETTINGS} />
      </ul>
      <AccountMenu />
    </div>
  );
}

/** Brings the page that is open into view, where the navigation is longer than the window. */
function useActiveInView(path: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is open when the path has changed
  useEffect(() => {
    document.querySelector('nav a[data-status="active"]')?.scrollIntoView({ block: 'nearest' });
  }, [path]);
}

function NavigationLink({ page: { to, label } }: { page: NavigationPage }) {
  return (
    <li>
      <Link
        to={to}
        activeOptions={{ exact: to === '/' || to === '/operator', includeSearch: false }}
        className="flex h-9 items-center gap-2.5 rounded-lg px-3 text-quiet transition-colors hover:bg-hover hover:text-ink data-[status=active]:bg-accent-soft data-[status=active]:font-medium data-[status=active]:text-accent [&_svg]:size-4"
      >
        <span className="size-4">
          <Suspense fallback={null}>
            <PageIcon to={to} />
          </Suspense>
        </span>
        {label}
      </Link>
    </li>
  );
}

function Brand() {
  return (
    <Link to="/" className="flex items-center gap-2 rounded font-semibold tracking-tight">
      <img src={logo} alt="" className="size-6" />
      {common.product}
    </Link>
  );
}

/** Says when what is shown may be old, and when the install is not a real one. */
function ConnectionBar() {
  const connection = useSyncExternalStore(onConnection, connectionNow);
  const health = useQuery(healthQuery);
  return (
    <div role="status">
      {connection === 'lost' && (
        <p className="border-b border-warn/25 bg-warn-soft px-4 py-2 text-center text-sm text-warn">
          {shell.lost}
        </p>
      )}
      {health.data?.simulated && (
        <p className="border-b border-line bg-hover px-4 py-1 text-center text-xs text-quiet">
          {shell.simulated}
        </p>
      )}
    </div>
  );
}
