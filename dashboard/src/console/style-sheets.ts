/**
 * Lets what `work` makes of `<style>` elements become style sheets that the policy of the page allows, since a script
 * adopts them. Returns the result, and a function that takes the sheets away. xterm's renderer makes three such
 * elements, and changes their text later on.
 */
export function withAdoptedStyles<T>(work: () => T): [result: T, remove: () => void] {
  const sheets: CSSStyleSheet[] = [];
  const create = document.createElement;
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    if (name !== 'style') return create.call(document, name, options);
    // The policy counts even an empty `<style>`; a template is not shown, either.
    const element = create.call(document, 'template');
    sheets.push(adopt(element));
    return element;
  }) as typeof document.createElement;
  try {
    return [work(), () => remove(sheets)];
  } finally {
    document.createElement = create;
  }
}

/**
 * Lets spans take the attribute `style` as the policy allows it: by a script that sets the style itself. xterm marks
 * selected text and free colours by such attributes.
 */
export function letSpansHaveStyles(): void {
  HTMLSpanElement.prototype.setAttribute = function (name, value) {
    if (name === 'style') this.style.cssText = value;
    else Element.prototype.setAttribute.call(this, name, value);
  };
}

function adopt(element: HTMLElement): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  Object.defineProperty(element, 'textContent', { set: (css: string) => sheet.replaceSync(css) });
  return sheet;
}

function remove(sheets: readonly CSSStyleSheet[]): void {
  document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet));
}
