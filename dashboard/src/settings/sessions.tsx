import { useQuery, useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { accountText as text } from '../text/account.ts';
import { Tag } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/page.tsx';
import { Ago } from '../ui/time.tsx';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';

const sessionsQuery = {
  queryKey: ['sessions'],
  queryFn: async () => (await answerOf(api.GET('/user/sessions'))).data,
};

const BROWSERS = ['Firefox', 'Edg', 'OPR', 'Chrome', 'Safari'];

/** "Firefox on Linux": what people recognise of how a browser calls itself. */
function browserOf(userAgent: string | null): string {
  const browser = BROWSERS.find((name) => userAgent?.includes(name));
  const system = /Windows|Android|iPhone|iPad|Mac OS X|Linux/.exec(userAgent ?? '')?.[0];
  if (!browser) return userAgent ? userAgent.slice(0, 60) : text.unknown;
  const name = { Edg: 'Edge', OPR: 'Opera' }[browser] ?? browser;
  return system ? `${name} · ${system.replace('Mac OS X', 'macOS')}` : name;
}

/** Where the account is signed in. */
export function Sessions() {
  const client = useQueryClient();
  const { data } = useQuery(sessionsQuery);
  const run = async (work: Promise<{ message: string }>) => {
    await work.then(({ message }) => tellSuccess(message), tellFailure);
    await client.invalidateQueries({ queryKey: ['sessions'] });
  };
  const others = data?.some(({ current }) => !current);
  return (
    <Section
      title={text.sessions}
      about={text.sessionsAbout}
      flush
      actions={
        others && (
          <Button onClick={() => void run(answerOf(api.DELETE('/user/sessions')))}>{text.endOthers}</Button>
        )
      }
    >
      {!data && <div className="skeleton m-5 h-14" />}
      <ul>
        {data?.map(({ id, current, user_agent, last_used_ip, last_used_at }) => (
          <li
            key={id}
            className="flex min-h-15 items-center gap-4 border-b border-line px-5 py-2.5 last:border-0"
          >
            <div className="min-w-0 flex-1">
              <p className="flex flex-wrap items-center gap-2">
                <span className="break-words">{browserOf(user_agent)}</span>
                {current && <Tag>{text.current}</Tag>}
              </p>
              <p className="text-sm text-quiet">
                {last_used_ip} · {text.lastUsed} <Ago at={last_used_at} />
              </p>
            </div>
            {!current && (
              <Button
                onClick={() =>
                  void run(
                    answerOf(api.DELETE('/user/sessions/{session}', { params: { path: { session: id } } })),
                  )
                }
              >
                {text.end}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
