import { render } from 'preact';
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';
import './style/pages.css';
import './style/content.css';
import { App } from './app.tsx';
import { takeTokenFromAddress } from './api/session.ts';
import { applyTheme } from './parts/theme.tsx';

applyTheme();
// Before anything is drawn: a token must not stay where it can be copied, or be kept by the browser.
takeTokenFromAddress(location, history);
window.addEventListener('hashchange', () => {
  if (takeTokenFromAddress(location, history)) location.reload();
});
const root = document.getElementById('app');
if (root) render(<App />, root);
