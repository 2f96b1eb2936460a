// Applies the theme that was chosen on this browser. Without a choice, the system's is used.
try {
  const theme = localStorage.getItem('danube-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden: then the system's theme is used.
}
