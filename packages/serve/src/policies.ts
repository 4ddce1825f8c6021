export { servedPolicyNames } from './engine/chosen-policy.js';
