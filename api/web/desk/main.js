/** The console's start: /desk. */
import { startStaff } from '../staff/session.js';
import { openDesk } from './page.js';
import { deskWords } from './words.js';

startStaff({ page: 'desk', words: deskWords, roles: ['agent', 'supervisor', 'admin'], open: openDesk });
