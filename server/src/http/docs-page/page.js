/* The interactive reference. `SwaggerUIBundle` comes from the script before this one. */

const dark = matchMedia('(prefers-color-scheme: dark)');
const setColors = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', setColors);
setColors();

/** Searches paths, summaries and names of operations for all words; Swagger UI itself compares tags only. */
const search = () => ({
  fn: {
    opsFilter(tags, phrase) {
      const words = phrase.toLowerCase().split(/\s+/).filter(Boolean);
      const matches = (name) => (one) => {
        const operation = one.get('operation');
        const parts = [name, one.get('method'), one.get('path')];
        const text = [...parts, operation.get('summary'), operation.get('operationId')].join(' ');
        return words.every((word) => text.toLowerCase().includes(word));
      };
      return tags
        .map((tag, name) => tag.update('operations', (operations) => operations.filter(matches(name))))
        .filter((tag) => tag.get('operations').size > 0);
    },
  },
});

globalThis.SwaggerUIBundle({
  url: '/docs/api.json',
  dom_id: '#page',
  deepLinking: true,
  // Keeps the page from sending the document's address to Swagger's online validator.
  validatorUrl: null,
  // Keeps the token in this browser, so that it survives a reload. "Logout" forgets it.
  persistAuthorization: true,
  filter: true,
  plugins: [search],
  tryItOutEnabled: true,
  displayRequestDuration: true,
  requestSnippetsEnabled: true,
  onComplete() {
    const input = document.querySelector('.operation-filter-input');
    input.placeholder = 'Search, for example: create database';
    input.setAttribute('aria-label', 'Search operations');
  },
});
