/** Space between a tooltip and what it belongs to, and between it and the edge of the window, in pixels. */
const GAP = 6;
const EDGE = 8;

let bubble: HTMLDivElement | null = null;
let shownFor: Element | null = null;

/** Shows the text of `data-tip` beside whatever is pointed at or has the focus. One listener serves the whole page. */
export function installTips(): void {
  document.addEventListener('pointerover', ({ target, pointerType }) => {
    if (pointerType !== 'touch') show(target as Element);
  });
  document.addEventListener('focusin', ({ target }) => {
    if ((target as Element).matches(':focus-visible')) show(target as Element);
  });
  document.addEventListener('focusout', hide);
  document.addEventListener('pointerdown', hide);
  document.addEventListener('scroll', hide, { passive: true, capture: true });
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') hide();
  });
}

function show(target: Element): void {
  const owner = target.closest?.('[data-tip]') ?? null;
  if (owner === shownFor) return;
  hide();
  const text = owner?.getAttribute('data-tip');
  if (!owner || !text) return;
  shownFor = owner;
  bubble ??= createBubble();
  bubble.textContent = text;
  document.body.append(bubble);
  place(bubble, owner.getBoundingClientRect());
}

function hide(): void {
  shownFor = null;
  bubble?.remove();
}

function createBubble(): HTMLDivElement {
  const element = document.createElement('div');
  // Screen readers get the same text from the element itself.
  element.setAttribute('aria-hidden', 'true');
  element.className =
    'pointer-events-none fixed z-50 max-w-72 rounded-md bg-ink px-2 py-1 text-xs text-ground shadow-float appear';
  return element;
}

function place(element: HTMLElement, { top, bottom, left, width }: DOMRect): void {
  const { offsetWidth, offsetHeight, style } = element;
  const above = top - offsetHeight - GAP;
  const x = Math.min(Math.max(left + width / 2 - offsetWidth / 2, EDGE), innerWidth - offsetWidth - EDGE);
  style.left = `${x}px`;
  style.top = `${above < EDGE ? bottom + GAP : above}px`;
}
