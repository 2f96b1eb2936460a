import { shell } from '../text/shell.ts';

const { pages, groups } = shell;

export interface NavigationPage {
  to: string;
  label: string;
}

/** The navigation, in groups. A new area is a line here, an icon in `page-icon.tsx`, and a folder of pages. */
export const NAVIGATION: readonly { title: string | null; pages: readonly NavigationPage[] }[] = [
  { title: null, pages: [{ to: '/', label: pages.overview }] },
  {
    title: groups.resources,
    pages: [
      { to: '/vps', label: pages.vps },
      { to: '/databases', label: pages.databases },
      { to: '/caches', label: pages.caches },
      { to: '/object-storage', label: pages.storage },
      { to: '/parameter-groups', label: pages.parameterGroups },
      { to: '/snapshots', label: pages.snapshots },
    ],
  },
  {
    title: groups.network,
    pages: [
      { to: '/firewalls', label: pages.firewalls },
      { to: '/ssh-keys', label: pages.sshKeys },
    ],
  },
  {
    title: groups.activity,
    pages: [
      { to: '/alerts', label: pages.alerts },
      { to: '/notifications', label: pages.notifications },
      { to: '/events', label: pages.events },
      { to: '/operations', label: pages.operations },
      { to: '/audit', label: pages.audit },
      { to: '/webhooks', label: pages.webhooks },
    ],
  },
  {
    title: groups.people,
    pages: [
      { to: '/team', label: pages.team },
      { to: '/tokens', label: pages.tokens },
      { to: '/costs', label: pages.costs },
    ],
  },
];

/** The pages of operators, at the end of the navigation. */
export const OPERATOR_PAGES: readonly NavigationPage[] = [
  { to: '/operator', label: pages.install },
  { to: '/operator/accounts', label: pages.accounts },
  { to: '/operator/teams', label: pages.teams },
  { to: '/operator/plans', label: pages.plans },
  { to: '/operator/costs', label: pages.allCosts },
  { to: '/operator/images', label: pages.images },
  { to: '/operator/operations', label: pages.troubles },
  { to: '/operator/announcements', label: pages.announcements },
  { to: '/operator/audit', label: pages.installAudit },
];

/** All groups that somebody sees. */
export const navigationOf = (account: { operator?: boolean } | undefined) =>
  account?.operator ? [...NAVIGATION, { title: groups.install, pages: OPERATOR_PAGES }] : NAVIGATION;

export const SETTINGS: NavigationPage = { to: '/settings', label: pages.settings };
