const KEY = 'danube-invitation';

/**
 * The code of the link, which follows `#`, so that no server's log has it. Kept for this tab while somebody signs in
 * first.
 */
export function invitationCode(): string {
  const code = location.hash.slice(1);
  try {
    if (code) sessionStorage.setItem(KEY, code);
    return code || (sessionStorage.getItem(KEY) ?? '');
  } catch {
    // Storage may be forbidden: then the link has to be opened once more.
    return code;
  }
}

export function forgetCode(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // As above: nothing was kept.
  }
}
