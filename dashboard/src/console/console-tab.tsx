import { Maximize, Terminal as TerminalIcon, X } from 'lucide-react';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { RootPassword, useVps } from '../instances/vps-tabs.tsx';
import { useTheme } from '../shell/theme.ts';
import { consoleTexts as text } from '../text/console.ts';
import { tabTexts } from '../text/tabs.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Empty, Section } from '../ui/page.tsx';
import { ConsoleLink, type LinkState } from './link.ts';
import type { OpenScreen } from './screen.ts';

/** A shell in a server, in the page. */
export function ConsoleTab({ id }: { id: string }) {
  const vps = useVps(id);
  // Once it is open, it stays as it is when the server stops: somebody may want to read what it said last.
  const [wasRunning, setRunning] = useState(vps.status === 'running');
  if (vps.status === 'running' && !wasRunning) setRunning(true);
  if (!wasRunning)
    return (
      <Section>
        <Empty icon={<TerminalIcon />} title={text.notRunning}>
          {text.notRunningAbout}
        </Empty>
      </Section>
    );
  return (
    <div className="flex flex-col gap-6">
      <Shell vps={id} isRunning={vps.status === 'running'} />
      {vps.auth_method === 'password' && (
        <Section title={tabTexts.password} about={tabTexts.passwordAbout}>
          <RootPassword id={id} />
        </Section>
      )}
    </div>
  );
}

const LOOKS: Record<LinkState['is'], Tone> = {
  connecting: 'busy',
  open: 'good',
  lost: 'warn',
  closed: 'idle',
};

function Shell({ vps, isRunning }: { vps: string; isRunning: boolean }) {
  const frame = useRef<HTMLDivElement>(null);
  const { place, state, link, restart } = useConsole(vps);
  return (
    <Section
      title={text.title}
      about={text.about}
      flush
      actions={
        <>
          <Button icon={<Maximize />} onClick={() => void frame.current?.requestFullscreen()}>
            {text.fullscreen}
          </Button>
          {state.is !== 'closed' && (
            <Button icon={<X />} onClick={() => link.current?.end()}>
              {text.end}
            </Button>
          )}
        </>
      }
    >
      <div ref={frame} className="flex h-[min(38rem,75vh)] flex-col bg-surface">
        <div className="flex min-h-10 items-center gap-3 px-5 text-sm text-quiet" role="status">
          <Badge tone={LOOKS[state.is]}>{text[state.is]}</Badge>
          <span className="hidden sm:inline">{text.keys}</span>
        </div>
        {state.is === 'lost' && (
          <div className="px-5 pb-3" role="alert">
            <Notice tone="warn">{text.reconnecting}</Notice>
          </div>
        )}
        {state.is === 'closed' && (
          <div className="px-5 pb-3" role="alert">
            <Notice
              actions={
                <Button look="primary" blocked={!isRunning && text.notRunningAbout} onClick={restart}>
                  {state.canTakeBack ? text.takeBack : text.openNew}
                </Button>
              }
            >
              {state.message}
            </Notice>
          </div>
        )}
        <div ref={place} className="min-h-0 flex-1 overflow-hidden px-5 pb-4" />
        <p className="sr-only">{text.pressEscape}</p>
      </div>
    </Section>
  );
}

/** A terminal in the element `place`, and its connection. */
function useConsole(vps: string) {
  const place = useRef<HTMLDivElement>(null);
  const link = useRef<ConsoleLink | null>(null);
  const screen = useRef<OpenScreen | null>(null);
  const [state, setState] = useState<LinkState>({ is: 'connecting' });
  const [run, setRun] = useState(0);
  const isDark = useDark();
  const firstDark = useRef(isDark);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another run opens another console
  useEffect(() => {
    let isGone = false;
    const start = async () => {
      // Only this page needs it, and it is large.
      const { openScreen } = await import('./screen.ts');
      if (isGone || !place.current) return;
      const opened = await openScreen(place.current, firstDark.current, {
        typed: (data) => link.current?.type(data),
        typedBytes: (data) => link.current?.typeBytes(data),
        resized: (columns, rows) => link.current?.resize(columns, rows),
      });
      if (isGone) return opened.remove();
      screen.current = opened;
      link.current = new ConsoleLink(vps, opened, setState);
      opened.focus();
      await link.current.start();
    };
    void start();
    return () => {
      isGone = true;
      link.current?.leave();
      screen.current?.remove();
      link.current = screen.current = null;
    };
  }, [vps, run]);

  useEffect(() => {
    firstDark.current = isDark;
    screen.current?.paint(isDark);
  }, [isDark]);

  return { place, link, state, restart: () => setRun((before) => before + 1) };
}

const systemDark = matchMedia('(prefers-color-scheme: dark)');

/** Whether the page is dark at the moment. */
function useDark(): boolean {
  const theme = useTheme();
  const isSystemDark = useSyncExternalStore(
    (listener) => {
      systemDark.addEventListener('change', listener);
      return () => systemDark.removeEventListener('change', listener);
    },
    () => systemDark.matches,
  );
  return theme === 'system' ? isSystemDark : theme === 'dark';
}
