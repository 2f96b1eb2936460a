/** What the console of a server says. */
export const consoleTexts = {
  title: 'Console',
  about:
    'A shell of root in this server, by way of the host: it needs neither SSH nor a network in the server.',
  terminal: 'Terminal',
  connecting: 'Connecting',
  open: 'Connected',
  lost: 'Connection lost',
  closed: 'Ended',
  reconnecting: 'The connection was lost. It is made anew; the shell goes on meanwhile.',
  gone: 'The console has ended while the connection was lost.',
  takenOver: 'The console is used in another window now.',
  takeBack: 'Use it here',
  status: (status: number) => `Exit status ${status}.`,
  openNew: 'Open a new console',
  end: 'End',
  fullscreen: 'Full screen',
  notRunning: 'The server does not run',
  notRunningAbout: 'A console needs a running server. Start it first.',
  keys: 'Copy with Ctrl-Shift-C, paste with Ctrl-Shift-V. On a Mac, with ⌘C and ⌘V.',
  pressEscape: 'Tab goes to the server. To leave the terminal with the keyboard, press Ctrl-Shift-Escape.',
};
