import { Link } from '@tanstack/react-router';
import { pathTo } from './path.ts';

/** The parts of a page that have addresses of their own: the last segment of each, empty for the first, and its title. */
export function Tabs({
  label,
  base,
  tabs,
}: {
  label: string;
  base: string;
  tabs: readonly (readonly [segment: string, title: string])[];
}) {
  return (
    <nav aria-label={label} className="-mx-4 mb-6 overflow-x-auto border-b border-line px-4 sm:mx-0 sm:px-0">
      <ul className="flex gap-6">
        {tabs.map(([segment, title]) => (
          <li key={segment}>
            <Link
              to={segment === '' ? base : pathTo(base, segment)}
              activeOptions={{ exact: true, includeSearch: false }}
              className="-mb-px block border-b-2 border-transparent py-2.5 whitespace-nowrap text-quiet transition-colors outline-offset-[-2px] hover:text-ink data-[status=active]:border-accent data-[status=active]:font-medium data-[status=active]:text-ink"
            >
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
