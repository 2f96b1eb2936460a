import type { components } from '@danube/client/schema';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { Bell, Check, SlidersHorizontal, Trash2 } from 'lucide-react';
import { answerOf, api } from '../api/client.ts';
import { notificationText as text } from '../text/notifications.ts';
import { Button, ButtonLink, IconButton } from '../ui/button.tsx';
import { FilterBar } from '../ui/filter.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { pageInPath } from '../ui/path.ts';
import { Pager } from '../ui/table.tsx';
import { Ago } from '../ui/time.tsx';
import { tellFailure } from '../ui/toast.tsx';
import type { NotificationSearch } from './search.ts';

type Notification = components['schemas']['Notification'];

const PER_PAGE = 20;

/** What the account was told of. What is shown is in the address. */
export function NotificationsPage({
  search: { unread, page = 1 },
  onSearch,
}: {
  search: NotificationSearch;
  onSearch: (change: NotificationSearch) => void;
}) {
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: ['notifications', { unread, page }],
    queryFn: () =>
      answerOf(
        api.GET('/notifications', {
          params: { query: { page, per_page: PER_PAGE, ...(unread ? { unread: 'true' as const } : {}) } },
        }),
      ),
    placeholderData: keepPreviousData,
  });
  const run = async (work: Promise<unknown>) => {
    await work.catch(tellFailure);
    await client.invalidateQueries({ queryKey: ['notifications'] });
  };
  return (
    <>
      <PageHeader
        title={text.title}
        about={text.about}
        actions={
          <>
            {data && data.unread_count > 0 && (
              <Button
                icon={<Check />}
                onClick={() => void run(answerOf(api.POST('/notifications/mark-all-read')))}
              >
                {text.readAll}
              </Button>
            )}
            <ButtonLink to="/notifications/preferences" icon={<SlidersHorizontal />}>
              {text.preferences}
            </ButtonLink>
          </>
        }
      />
      <div className="card overflow-hidden">
        <FilterBar
          label={text.show}
          value={unread ? 'unread' : undefined}
          onValue={(next) => onSearch({ unread: next === 'unread' || undefined, page: undefined })}
          all={text.all}
          options={[['unread', text.unreadOnly]]}
        />
        {!data && <div className="skeleton m-5 h-40" />}
        {data?.data.length === 0 && (
          <Empty icon={<Bell />} title={text.emptyTitle}>
            {text.emptyAbout}
          </Empty>
        )}
        <ul>
          {data?.data.map((one) => (
            <NotificationLine
              key={one.id}
              notification={one}
              onRead={() =>
                void run(
                  answerOf(api.PATCH('/notifications/{id}/read', { params: { path: { id: one.id } } })),
                )
              }
              onRemove={() =>
                void run(answerOf(api.DELETE('/notifications/{id}', { params: { path: { id: one.id } } })))
              }
            />
          ))}
        </ul>
        <Pager
          page={page}
          perPage={PER_PAGE}
          total={data?.total ?? 0}
          onPage={(next) => onSearch({ page: pageInPath(next) })}
        />
      </div>
    </>
  );
}

function NotificationLine({
  notification,
  onRead,
  onRemove,
}: {
  notification: Notification;
  onRead: () => void;
  onRemove: () => void;
}) {
  const { data, read_at, created_at } = notification;
  return (
    <li className="flex min-h-15 items-start gap-3 border-b border-line px-5 py-3 last:border-0">
      <span
        className={`mt-2 size-2 shrink-0 rounded-full ${read_at ? 'bg-transparent' : 'bg-accent-fill'}`}
      />
      <div className="min-w-0 flex-1">
        <p className={`break-words ${read_at ? '' : 'font-medium'}`}>
          {data.title}
          {!read_at && <span className="sr-only"> ({text.unread})</span>}
        </p>
        <p className="break-words text-quiet">{data.message}</p>
      </div>
      <span className="text-sm whitespace-nowrap text-quiet">
        <Ago at={created_at} />
      </span>
      {!read_at && (
        <IconButton label={text.read} className="-my-1.5" onClick={onRead}>
          <Check />
        </IconButton>
      )}
      <IconButton label={text.remove} className="-my-1.5" onClick={onRemove}>
        <Trash2 />
      </IconButton>
    </li>
  );
}
