const KEY = 'danube-team';
let chosen: number | null | undefined;

/** The team that requests act on; null: the account's own. */
export function currentTeam(): number | null {
  if (chosen === undefined) chosen = Number(read()) || null;
  return chosen;
}

export function chooseTeam(id: number | null): void {
  chosen = id;
  try {
    if (id === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, String(id));
  } catch {
    // Storage may be forbidden: then the choice lasts as long as the page.
  }
}

/** Goes on in another team: the stream and all answers belong to the one before, so the page starts anew. */
export function switchTeam(id: number | null): void {
  chooseTeam(id);
  location.assign('/');
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
