// Sends what the link of this page is for. The secret is in the fragment, which browsers keep to themselves.
const form = document.querySelector('form');
const status = document.querySelector('[role=status]');
const secret = location.hash.slice(1);
// So that it stays in no history.
history.replaceState(null, '', location.pathname);

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  const fields = Object.fromEntries(new FormData(form));
  try {
    const answer = await fetch(form.dataset.path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ secret, ...fields }),
    });
    const { message } = await answer.json();
    status.textContent = message;
    form.hidden = answer.ok;
  } catch {
    status.textContent = 'The server cannot be reached at the moment. Try again.';
  } finally {
    button.disabled = false;
  }
});
