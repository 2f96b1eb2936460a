import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { type ITheme, Terminal } from '@xterm/xterm';
import { consoleTexts as text } from '../text/console.ts';
import { copyText } from '../ui/copy.tsx';
import type { Screen } from './link.ts';
import { letSpansHaveStyles, withAdoptedStyles } from './style-sheets.ts';

const FONT = '"Geist Mono", ui-monospace, monospace';
/** Lines that can be scrolled back to. */
const SCROLLBACK = 5_000;

/** What happens on the screen. */
export interface ScreenEvents {
  typed(data: string): void;
  typedBytes(data: string): void;
  resized(columns: number, rows: number): void;
}

/** A terminal on the page, as large as the element that it is in. */
export interface OpenScreen extends Screen {
  focus(): void;
  /** Takes the colours of the theme that the page has now. */
  paint(isDark: boolean): void;
  remove(): void;
}

/** Puts a terminal into the element. */
export async function openScreen(
  element: HTMLElement,
  isDark: boolean,
  events: ScreenEvents,
): Promise<OpenScreen> {
  // Its cells are measured once.
  await document.fonts.load(`14px ${FONT}`).catch(() => []);
  const terminal = new Terminal({
    fontFamily: FONT,
    fontSize: 14,
    scrollback: SCROLLBACK,
    theme: isDark ? DARK : LIGHT,
    // Whatever colours a program chooses, it can be read (WCAG 1.4.3).
    minimumContrastRatio: 4.5,
    macOptionIsMeta: true,
  });
  letSpansHaveStyles();
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  const [, removeStyles] = withAdoptedStyles(() => terminal.open(element));
  terminal.textarea?.setAttribute('aria-label', text.terminal);
  terminal.attachCustomKeyEventHandler((event) => ownKey(terminal, event));
  terminal.onData(events.typed);
  terminal.onBinary(events.typedBytes);
  terminal.onResize(({ cols, rows }) => events.resized(cols, rows));
  fit.fit();
  const observer = new ResizeObserver(() => fit.fit());
  observer.observe(element);
  return {
    get columns() {
      return terminal.cols;
    },
    get rows() {
      return terminal.rows;
    },
    write: (data, done) => terminal.write(data, done),
    focus: () => terminal.focus(),
    paint(dark) {
      terminal.options.theme = dark ? DARK : LIGHT;
    },
    remove() {
      observer.disconnect();
      terminal.dispose();
      removeStyles();
    },
  };
}

/** Keys that are for the page, and not for the server. Returns whether the server gets the key. */
function ownKey(terminal: Terminal, event: KeyboardEvent): boolean {
  const { ctrlKey, shiftKey, metaKey, code } = event;
  if (ctrlKey && shiftKey && code === 'Escape') {
    if (event.type === 'keydown') terminal.blur();
    return false;
  }
  const isCommand = (ctrlKey && shiftKey) || metaKey;
  if (isCommand && code === 'KeyC' && terminal.hasSelection()) {
    if (event.type === 'keydown') void copyText(terminal.getSelection()).then(() => terminal.focus());
    event.preventDefault();
    return false;
  }
  // The browser pastes.
  return !(isCommand && code === 'KeyV');
}

const LIGHT: ITheme = {
  background: '#ffffff',
  foreground: '#1d2430',
  cursor: '#1d5fa8',
  cursorAccent: '#ffffff',
  selectionBackground: '#cfe2f7',
  black: '#1d2430',
  red: '#b3261e',
  green: '#1a6b3c',
  yellow: '#7a5600',
  blue: '#1d5fa8',
  magenta: '#8a3a8f',
  cyan: '#0b6b74',
  white: '#5b6472',
  brightBlack: '#5b6472',
  brightRed: '#c23b32',
  brightGreen: '#1f7a45',
  brightYellow: '#8a6200',
  brightBlue: '#2a6fbd',
  brightMagenta: '#9c4aa1',
  brightCyan: '#117a84',
  brightWhite: '#3a4250',
};

const DARK: ITheme = {
  background: '#12161d',
  foreground: '#e6e9ef',
  cursor: '#7fb8ee',
  cursorAccent: '#12161d',
  selectionBackground: '#2c4767',
  black: '#2a303b',
  red: '#f08c85',
  green: '#7fcf9e',
  yellow: '#e3bf6b',
  blue: '#7fb8ee',
  magenta: '#d39ad8',
  cyan: '#72c7d0',
  white: '#c9ced8',
  brightBlack: '#8891a0',
  brightRed: '#f5a8a2',
  brightGreen: '#9cdcb4',
  brightYellow: '#ecd08c',
  brightBlue: '#a3cdf4',
  brightMagenta: '#e0b5e4',
  brightCyan: '#97d8df',
  brightWhite: '#ffffff',
};
