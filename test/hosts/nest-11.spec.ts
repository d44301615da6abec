import { describeHost } from './checks/host.js';

describeHost('nest-11');
