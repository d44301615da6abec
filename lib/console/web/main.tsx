import { render } from 'preact';
import { startClock } from './clock.js';
import { startLive } from './live.js';
import { startNavigation } from './navigation.js';
import { ConsolePage } from './parts/console-page.js';
import { startShortcuts } from './shortcuts.js';
import 'uplot/dist/uPlot.min.css';
import './style.css';

startNavigation();
startClock();
startLive();
startShortcuts();
render(<ConsolePage />, document.getElementById('page')!);
