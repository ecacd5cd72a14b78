/** The studio's start: /studio. */
import { startStaff } from '../staff/session.js';
import { openStudio } from './page.js';
import { studioWords } from './words.js';

startStaff({ page: 'studio', words: studioWords, roles: ['editor', 'supervisor', 'admin'], open: openStudio });
