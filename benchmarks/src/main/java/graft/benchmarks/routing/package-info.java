/** Which replica a request goes to, as the endpoint picker of the Gateway API Inference Extension decides it. */
package graft.benchmarks.routing;
