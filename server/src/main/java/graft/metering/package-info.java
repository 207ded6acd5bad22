/** From finished work to money: usage rows, cost by the price book, engine-time allocation, metrics. */
package graft.metering;
