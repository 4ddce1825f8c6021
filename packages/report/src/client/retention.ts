// The script of a retention page.

import type { RetentionPageData } from '../retention/retention-page-data.js';
import { pageData } from './page-data.js';
import { Retention } from './retention/retention.js';
import { RetentionView } from './retention/retention-view.js';

const data = pageData<RetentionPageData>();
Retention.unpack(data).then((retention) => new RetentionView(data, retention));
